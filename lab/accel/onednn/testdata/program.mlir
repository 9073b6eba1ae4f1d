module @network {
  func.func @main(%x: tensor<4x8x8x3xf32>, %k: tensor<3x3x3x16xf32>, %scale: tensor<16xf32>, %offset: tensor<16xf32>, %other: tensor<4x8x8x16xf32>, %d: tensor<3x3x1x16xbf16>, %p: tensor<1x1x16x16xf32>) -> (tensor<4x8x8x16xf32>, tensor<4x4x4x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) {
    %0 = "stablehlo.convolution"(%x, %k) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>,
      feature_group_count = 1 : i64,
      lhs_dilation = array<i64: 1, 1>,
      padding = dense<[[1, 1], [1, 1]]> : tensor<2x2xi64>,
      precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>],
      rhs_dilation = array<i64: 1, 1>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 1, 1>
    } : (tensor<4x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<4x8x8x16xf32>
    %1 = "stablehlo.reshape"(%scale) : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %2 = "stablehlo.broadcast_in_dim"(%1) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<4x8x8x16xf32>
    %3 = "stablehlo.multiply"(%0, %2) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %4 = "stablehlo.reshape"(%offset) : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %5 = "stablehlo.broadcast_in_dim"(%4) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<4x8x8x16xf32>
    %6 = "stablehlo.add"(%3, %5) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %7 = "stablehlo.add"(%6, %other) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %8 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    %9 = "stablehlo.broadcast_in_dim"(%8) { broadcast_dimensions = array<i64> } : (tensor<f32>) -> tensor<4x8x8x16xf32>
    %10 = "stablehlo.maximum"(%7, %9) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %11 = "stablehlo.convert"(%10) : (tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xbf16>
    %12 = "stablehlo.convolution"(%11, %d) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>,
      feature_group_count = 16 : i64,
      lhs_dilation = array<i64: 1, 1>,
      padding = dense<[[0, 1], [0, 1]]> : tensor<2x2xi64>,
      precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>],
      rhs_dilation = array<i64: 1, 1>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 2, 2>
    } : (tensor<4x8x8x16xbf16>, tensor<3x3x1x16xbf16>) -> tensor<4x4x4x16xbf16>
    %13 = "stablehlo.convert"(%12) : (tensor<4x4x4x16xbf16>) -> tensor<4x4x4x16xf32>
    %14 = "stablehlo.convolution"(%10, %p) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>,
      feature_group_count = 1 : i64,
      lhs_dilation = array<i64: 1, 1>,
      padding = dense<[[0, 0], [0, 0]]> : tensor<2x2xi64>,
      precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>],
      rhs_dilation = array<i64: 1, 1>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 1, 1>
    } : (tensor<4x8x8x16xf32>, tensor<1x1x16x16xf32>) -> tensor<4x8x8x16xf32>
    %15, %16, %17 = "stablehlo.batch_norm_training"(%14, %scale, %offset) {
      epsilon = 9.999999747378752e-06 : f32,
      feature_index = 3 : i64
    } : (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>)
    %18, %19, %20 = "stablehlo.batch_norm_grad"(%14, %scale, %16, %17, %10) {
      epsilon = 9.999999747378752e-06 : f32,
      feature_index = 3 : i64
    } : (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4x8x8x16xf32>) -> (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>)
    "stablehlo.return"(%10, %13, %16, %19, %20) : (tensor<4x8x8x16xf32>, tensor<4x4x4x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> ()
  }
}
