package chaos

import "syscall"

// dieWithUs: no program outlives the one that started it, however that ends.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
