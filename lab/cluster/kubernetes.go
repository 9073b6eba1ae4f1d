package cluster

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seeable-lab/seeable/lab/spec"
)

// Kubernetes says how a job runs on Kubernetes.
type Kubernetes struct {
	Job
	Image string // with the program
	Claim string // name of a PersistentVolumeClaim that all pods may write, with the data and the results
	Mount string // where pods see the claim
}

// Manifest is an Indexed Job in YAML (batch/v1; Kubernetes 1.33, or 1.29 and later with the backoff limit per index as a
// beta feature): a pod for each cell. A pod that ends with TryAgain, or that the cluster takes away, is replaced without
// counting as failed; a cell that fails for good stops none of the others.
func (k Kubernetes) Manifest() string {
	words := make([]string, len(k.Command))
	for i, word := range k.Command {
		// The kubelet puts variables in where it finds $(NAME); $$ is a dollar.
		words[i] = "            - " + quote(strings.ReplaceAll(word, "$", "$$"))
		if word == Index {
			words[i] = "            - $(JOB_COMPLETION_INDEX)"
		}
	}
	gpus := ""
	if k.GPUs > 0 {
		gpus = fmt.Sprintf("\n              nvidia.com/gpu: %d", k.GPUs)
	}
	return fmt.Sprintf(`# Sweep %[1]s: %[2]d cells. Written by seelab sweep --kubernetes; start it with kubectl create -f.
apiVersion: batch/v1
kind: Job
metadata:
  name: %[1]s
spec:
  completionMode: Indexed
  completions: %[2]d
  parallelism: %[2]d
  backoffLimitPerIndex: 2
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules:
      # Told to stop, its work saved: another pod goes on.
      - action: Ignore
        onExitCodes:
          containerName: cell
          operator: In
          values: [%[3]d]
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      # Called wrongly: trying again will not help.
      - action: FailIndex
        onExitCodes:
          containerName: cell
          operator: In
          values: [2]
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: %[4]d
      containers:
        - name: cell
          image: %[5]s
          command:
%[6]s
          env:
            - name: PJRT_NPROC
              value: "%[7]d"
            - name: GOMAXPROCS
              value: "%[7]d"
            # What is fetched once, such as the XLA plugin.
            - name: SEEABLE_CACHE
              value: %[8]s
          resources:
            requests:
              cpu: %[7]d
              memory: %[9]dGi
            limits:
              memory: %[9]dGi%[10]s
          volumeMounts:
            - name: lab
              mountPath: %[11]s
      volumes:
        - name: lab
          persistentVolumeClaim:
            claimName: %[12]s
`, k.name(), k.Cells, TryAgain, int(k.Grace.Seconds()), quote(k.Image), strings.Join(words, "\n"), k.Cores,
		quote(strings.TrimSuffix(k.Mount, "/")+"/cache"), k.gigabytes(), gpus, quote(k.Mount), quote(k.Claim))
}

// quote makes a string of YAML, which takes those of JSON.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		// A string always has a form in JSON.
		panic(err)
	}
	return string(quoted)
}

// CellMemory is an estimate of the most that a cell of a sweep takes, in bytes, with room for error.
func CellMemory(cells []spec.Cell) int64 {
	most := int64(0)
	for _, c := range cells {
		most = max(most, memoryOf(c.Spec))
	}
	return most * 3 / 2
}
