// A simulated vCenter for tests: prints its address, then runs until it is killed.
//
// Usage: vcsim ADDRESS [VIRTUAL MACHINES]; built with Debian's golang-github-vmware-govmomi-dev by
// GO111MODULE=off GOPATH=/usr/share/gocode go build.
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net/url"
	"os"
	"strconv"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	model := simulator.VPX()
	if len(os.Args) > 2 {
		count, err := strconv.Atoi(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		model.Machine = count
	}
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	model.Service.Listen = &url.URL{Host: os.Args[1], User: url.UserPassword("user", "pass")}
	model.Service.TLS = new(tls.Config)
	model.Service.RegisterEndpoints = true
	server := model.Service.NewServer()
	fmt.Println(server.URL.Host)
	select {}
}
