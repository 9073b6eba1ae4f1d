module @network {
  func.func @main(%x: tensor<4x8x8x3xf32>, %k: tensor<3x3x3x16xf32>, %scale: tensor<16xf32>, %offset: tensor<16xf32>, %other: tensor<4x8x8x16xf32>, %d: tensor<3x3x1x16xbf16>, %p: tensor<1x1x16x16xf32>) -> (tensor<4x8x8x16xf32>, tensor<4x4x4x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) {

    %1 = "stablehlo.reshape"(%scale) : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %2 = "stablehlo.broadcast_in_dim"(%1) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<4x8x8x16xf32>

    %4 = "stablehlo.reshape"(%offset) : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %5 = "stablehlo.broadcast_in_dim"(%4) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<4x8x8x16xf32>


    %8 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    %9 = "stablehlo.broadcast_in_dim"(%8) { broadcast_dimensions = array<i64> } : (tensor<f32>) -> tensor<4x8x8x16xf32>
    %fused_2_factor = "stablehlo.broadcast_in_dim"(%1) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<3x3x3x16xf32>
    %fused_2_scaled = "stablehlo.multiply"(%k, %fused_2_factor) : (tensor<3x3x3x16xf32>, tensor<3x3x3x16xf32>) -> tensor<3x3x3x16xf32>
    %10 = "stablehlo.custom_call"(%x, %fused_2_scaled, %4, %other) {api_version = 4 : i32, backend_config = {prepared = 42 : i64}, call_target_name = "seeable_convolution", operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 3, operand_tuple_indices = []>], result_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>]} : (tensor<4x8x8x3xf32>, tensor<3x3x3x16xf32>, tensor<1x1x1x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %11 = "stablehlo.convert"(%10) : (tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xbf16>
    %12 = "stablehlo.custom_call"(%11, %d) {api_version = 4 : i32, backend_config = {prepared = 42 : i64}, call_target_name = "seeable_convolution", operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>], result_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>]} : (tensor<4x8x8x16xbf16>, tensor<3x3x1x16xbf16>) -> tensor<4x4x4x16xbf16>
    %13 = "stablehlo.convert"(%12) : (tensor<4x4x4x16xbf16>) -> tensor<4x4x4x16xf32>
    %14 = "stablehlo.custom_call"(%10, %p) {api_version = 4 : i32, backend_config = {prepared = 42 : i64}, call_target_name = "seeable_convolution", operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>], result_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>]} : (tensor<4x8x8x16xf32>, tensor<1x1x16x16xf32>) -> tensor<4x8x8x16xf32>
    %16, %17 = "stablehlo.custom_call"(%14) {api_version = 4 : i32, backend_config = {}, call_target_name = "seeable_moments", operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>], result_layouts = [dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>]} : (tensor<4x8x8x16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
    %19, %20 = "stablehlo.custom_call"(%14, %16, %17, %10) {api_version = 4 : i32, backend_config = {epsilon = 9.999999747378752e-06 : f32}, call_target_name = "seeable_products", operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>], result_layouts = [dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>]} : (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4x8x8x16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
    "stablehlo.return"(%10, %13, %16, %19, %20) : (tensor<4x8x8x16xf32>, tensor<4x4x4x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> ()
  }
}
