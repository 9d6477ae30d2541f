package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// The names of the operations on the socket.
const (
	opDomains       = "Domains"
	opAddDomain     = "AddDomain"
	opSetDomain     = "SetDomain"
	opRemoveDomain  = "RemoveDomain"
	opUsers         = "Users"
	opAddUser       = "AddUser"
	opSetUser       = "SetUser"
	opRemoveUser    = "RemoveUser"
	opImportUsers   = "ImportUsers"
	opApps          = "Apps"
	opAddApp        = "AddApp"
	opSetApp        = "SetApp"
	opRemoveApp     = "RemoveApp"
	opDevices       = "Devices"
	opAddDevice     = "AddDevice"
	opRemoveDevice  = "RemoveDevice"
	opRegistrations = "Registrations"
	opCalls         = "Calls"
)

func path(operation string) string { return "/v1/" + operation }

// Client is an Operator that asks the server behind a control socket. An
// operation takes at most a minute.
type Client struct {
	http *http.Client
}

var _ Operator = (*Client)(nil)

// NewClient asks the server that listens on the unix socket at path. It
// connects when it is first used.
func NewClient(path string) *Client {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	return &Client{http: &http.Client{
		Timeout: operationTime + 10*time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", path)
			},
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     10 * time.Second,
		},
	}}
}

// Ping reports whether a server answers, within two seconds.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://pbx/v1/ping", nil)
	if err != nil {
		return err
	}
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		return errors.New("what listens on the control socket is no switch: " + response.Status)
	}
	return nil
}

// Close lets go of idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// ask does one operation on the server.
func ask[Result any](ctx context.Context, c *Client, operation string, request any) (Result, error) {
	var result Result
	text, err := json.Marshal(request)
	if err != nil {
		return result, err
	}
	if len(text) > maxRequest {
		return result, &Problem{TooLarge, fmt.Sprintf("the request is longer than %d MiB; split it", maxRequest>>20)}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://pbx"+path(operation), bytes.NewReader(text))
	if err != nil {
		return result, err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(r)
	if err != nil {
		return result, fmt.Errorf("the running server did not answer: %w", err)
	}
	defer response.Body.Close()
	return result, read(response, &result)
}

// read takes the result, or the problem that stands in its place.
func read(response *http.Response, result any) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("the answer of the running server broke off: %w", err)
	}
	if len(text) > maxAnswer {
		return &Problem{TooLarge, fmt.Sprintf("the answer of the running server is longer than %d MiB", maxAnswer>>20)}
	}
	if response.StatusCode == http.StatusOK {
		return json.Unmarshal(text, result)
	}
	p := &Problem{}
	if json.Unmarshal(text, p) != nil || p.Text == "" {
		return errors.New("the running server answered " + response.Status)
	}
	return p
}

// Domains implements Operator.
func (c *Client) Domains(ctx context.Context, r ListDomains) ([]Domain, error) {
	return ask[[]Domain](ctx, c, opDomains, r)
}

// AddDomain implements Operator.
func (c *Client) AddDomain(ctx context.Context, r AddDomain) (Domain, error) {
	return ask[Domain](ctx, c, opAddDomain, r)
}

// SetDomain implements Operator.
func (c *Client) SetDomain(ctx context.Context, r SetDomain) (Domain, error) {
	return ask[Domain](ctx, c, opSetDomain, r)
}

// RemoveDomain implements Operator.
func (c *Client) RemoveDomain(ctx context.Context, r RemoveDomain) (Domain, error) {
	return ask[Domain](ctx, c, opRemoveDomain, r)
}

// Users implements Operator.
func (c *Client) Users(ctx context.Context, r ListUsers) ([]User, error) {
	return ask[[]User](ctx, c, opUsers, r)
}

// AddUser implements Operator.
func (c *Client) AddUser(ctx context.Context, r AddUser) (User, error) {
	return ask[User](ctx, c, opAddUser, r)
}

// SetUser implements Operator.
func (c *Client) SetUser(ctx context.Context, r SetUser) (User, error) {
	return ask[User](ctx, c, opSetUser, r)
}

// RemoveUser implements Operator.
func (c *Client) RemoveUser(ctx context.Context, r RemoveUser) (User, error) {
	return ask[User](ctx, c, opRemoveUser, r)
}

// ImportUsers implements Operator.
func (c *Client) ImportUsers(ctx context.Context, r ImportUsers) (Imported, error) {
	return ask[Imported](ctx, c, opImportUsers, r)
}

// Apps implements Operator.
func (c *Client) Apps(ctx context.Context, r ListApps) ([]App, error) {
	return ask[[]App](ctx, c, opApps, r)
}

// AddApp implements Operator.
func (c *Client) AddApp(ctx context.Context, r AddApp) (App, error) {
	return ask[App](ctx, c, opAddApp, r)
}

// SetApp implements Operator.
func (c *Client) SetApp(ctx context.Context, r SetApp) (App, error) {
	return ask[App](ctx, c, opSetApp, r)
}

// RemoveApp implements Operator.
func (c *Client) RemoveApp(ctx context.Context, r RemoveApp) (App, error) {
	return ask[App](ctx, c, opRemoveApp, r)
}

// Devices implements Operator.
func (c *Client) Devices(ctx context.Context, r ListDevices) ([]Device, error) {
	return ask[[]Device](ctx, c, opDevices, r)
}

// AddDevice implements Operator.
func (c *Client) AddDevice(ctx context.Context, r AddDevice) (Device, error) {
	return ask[Device](ctx, c, opAddDevice, r)
}

// RemoveDevice implements Operator.
func (c *Client) RemoveDevice(ctx context.Context, r RemoveDevice) (Device, error) {
	return ask[Device](ctx, c, opRemoveDevice, r)
}

// Registrations implements Operator.
func (c *Client) Registrations(ctx context.Context, r ListRegistrations) ([]Registration, error) {
	return ask[[]Registration](ctx, c, opRegistrations, r)
}

// Calls implements Operator.
func (c *Client) Calls(ctx context.Context, r ListCalls) ([]Call, error) {
	return ask[[]Call](ctx, c, opCalls, r)
}
