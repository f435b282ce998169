// Command sandbox is a whole Kubernetes control plane in one program: the first argument chooses the part.
//
//	sandbox etcd|kube-apiserver|kube-controller-manager|kube-scheduler FLAGS…
//	sandbox stages                      prints the kwok stages that make nodes ready and pods run, complete and go away
//	sandbox pki DIR [NAME=HOST,HOST…]…  makes a certificate authority, a service-account key and a certificate for each NAME
//
// kwok is a second program of this module, because it and the API server both register a flag called "version".
package main

import (
	"fmt"
	"os"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	nodeready "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodelease "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	pods "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

const usage = "usage: sandbox etcd|kube-apiserver|kube-controller-manager|kube-scheduler|stages|pki …"

func main() {
	if len(os.Args) < 2 {
		fail(usage)
	}
	part := os.Args[1]
	// Each part reads os.Args itself and takes its first element for the program's name.
	os.Args = os.Args[1:]
	switch part {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "stages":
		printStages()
	case "pki":
		if len(os.Args) < 2 {
			fail("usage: sandbox pki DIR [NAME=HOST,HOST…]…")
		}
		if err := writePKI(os.Args[1], os.Args[2:]); err != nil {
			fail(err.Error())
		}
	default:
		fail(usage)
	}
}

func printStages() {
	fmt.Println(strings.Join([]string{
		nodeready.DefaultNodeInit,
		nodelease.DefaultNodeHeartbeatWithLease,
		pods.DefaultPodReady,
		pods.DefaultPodComplete,
		pods.DefaultPodDelete,
	}, "\n---\n"))
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "sandbox: "+message)
	os.Exit(2)
}
