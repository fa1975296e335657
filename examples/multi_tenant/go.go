// A tenant's application in Go, with net/http: the tenant travels in the context, and a transport reads it there.
//
// Run it with `examples/multi_tenant/run go` beside `./engram up`.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	space   = "globex_example_go"
	shared  = "common_knowledge"
	foreign = "acme_support"
)

var api = os.Getenv("ENGRAM_URL") + "/api/v1/"

// A Tenant is on whose behalf a request is made. Its tokens go wherever its context goes.
type Tenant struct {
	mutex           sync.Mutex
	access, refresh string
}

// token is the access token, or the next one if the one that was used has run out: a refresh token works once, so whoever comes
// while it is being used waits for what comes of it.
func (t *Tenant) token(ctx context.Context, client Client, used string) (string, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if used == t.access {
		var next tokens
		if err := client.do(ctx, "POST", "auth/token/refresh/", map[string]string{"refresh": t.refresh}, &next); err != nil {
			return "", err
		}
		t.access, t.refresh = next.Access, next.Refresh
	}
	return t.access, nil
}

type tokens struct{ Access, Refresh string }

type tenantKey struct{}

func WithTenant(ctx context.Context, tenant *Tenant) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// A tenantTransport signs each request for the tenant of its context, waits for as long as a 429 says, and gets the next token when
// one has run out.
type tenantTransport struct {
	next   http.RoundTripper
	waited atomic.Int64
}

func (t *tenantTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	for {
		response, err := t.signed(request)
		if err != nil || response.StatusCode != http.StatusTooManyRequests {
			return response, err
		}
		finish(response)
		t.waited.Add(1)
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil {
			return nil, fmt.Errorf("a 429 without Retry-After: %w", err)
		}
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
}

func (t *tenantTransport) signed(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	tenant, ok := ctx.Value(tenantKey{}).(*Tenant)
	if !ok {
		return t.send(request, "")
	}
	anonymous := Client{&http.Client{Transport: t}}
	withoutTenant := context.WithValue(ctx, tenantKey{}, nil)
	used, err := tenant.token(withoutTenant, anonymous, "")
	if err != nil {
		return nil, err
	}
	response, err := t.send(request, used)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	finish(response)
	next, err := tenant.token(withoutTenant, anonymous, used)
	if err != nil {
		return nil, err
	}
	return t.send(request, next)
}

// finish reads what is left of an answer, so that its connection can be used again.
func finish(response *http.Response) {
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}

// send sends a copy, so that the request can be sent again.
func (t *tenantTransport) send(request *http.Request, token string) (*http.Response, error) {
	copied := request.Clone(request.Context())
	if token != "" {
		copied.Header.Set("Authorization", "Bearer "+token)
	}
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		copied.Body = body
	}
	return t.next.RoundTrip(copied)
}

// A Refusal is an answer that is not the one asked for.
type Refusal struct {
	Status int
	Errors []struct{ Code, Detail string }
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s", r.Status, r.Errors[0].Code) }

// A Client speaks JSON to Engram for whichever tenant the context carries.
type Client struct{ http *http.Client }

func (c Client) do(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, api+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer finish(response)
	if response.StatusCode >= 300 {
		refusal := &Refusal{Status: response.StatusCode}
		if err := json.NewDecoder(response.Body).Decode(refusal); err != nil {
			return err
		}
		return refusal
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

func (c Client) signIn(ctx context.Context, credentials map[string]string) (context.Context, error) {
	var first tokens
	if err := c.do(ctx, "POST", "auth/token/", credentials, &first); err != nil {
		return nil, err
	}
	return WithTenant(ctx, &Tenant{access: first.Access, refresh: first.Refresh}), nil
}

func (c Client) createSpace(ctx context.Context, name string) error {
	err := c.do(ctx, "POST", "spaces/", map[string]string{"name": name}, nil)
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Status == http.StatusConflict {
		return nil // it is there from the last time
	}
	return err
}

func run(ctx context.Context) (err error) {
	transport := &tenantTransport{next: &http.Transport{MaxIdleConnsPerHost: 40}}
	client := Client{&http.Client{Transport: transport}}
	login := map[string]string{
		"username": os.Getenv("ENGRAM_USERNAME"), "password": os.Getenv("ENGRAM_PASSWORD"), "tenant": "globex",
	}
	admin, err := client.signIn(ctx, login)
	if err != nil {
		return err
	}
	if err := client.createSpace(admin, space); err != nil {
		return err
	}
	// A token names its spaces when it is made: the new one is in the next.
	if admin, err = client.signIn(ctx, login); err != nil {
		return err
	}
	var key struct {
		ID     string `json:"id"`
		APIKey string `json:"api_key"`
	}
	grants := map[string][]string{space: {"read", "write"}, shared: {"read"}}
	if err := client.do(admin, "POST", "keys/", map[string]any{"name": "go example", "spaces": grants}, &key); err != nil {
		return err
	}
	defer func() {
		// Out of time or not, the key is revoked.
		last, cancel := context.WithTimeout(context.WithoutCancel(admin), 10*time.Second)
		defer cancel()
		err = errors.Join(err, client.do(last, "DELETE", "keys/"+key.ID+"/", nil, nil))
	}()

	tenant, err := client.signIn(ctx, map[string]string{"api_key": key.APIKey})
	if err != nil {
		return err
	}
	return use(tenant, client, transport)
}

func use(ctx context.Context, client Client, transport *tenantTransport) error {
	var whoami struct {
		Tenant string
		Spaces map[string]any
	}
	if err := client.do(ctx, "GET", "auth/whoami/", nil, &whoami); err != nil {
		return err
	}
	fmt.Printf("A token for %s: %s\n", whoami.Tenant, listed(whoami.Spaces))

	for _, content := range []string{"The importer closes its files with a context manager.", "It has not leaked a file since."} {
		body := map[string]string{"content": content, "session": "standup"}
		if err := client.do(ctx, "POST", "spaces/"+space+"/memories/", body, nil); err != nil {
			return err
		}
	}
	fmt.Printf("Remembered 2 memories in %s\n", space)

	var recalled struct{ Results []struct{ Space string } }
	cue := map[string]any{"query": "context manager and the with statement", "spaces": []string{space, shared}, "limit": 20}
	if err := client.do(ctx, "POST", "recall/", cue, &recalled); err != nil {
		return err
	}
	from := map[string]any{}
	for _, hit := range recalled.Results {
		from[hit.Space] = nil
	}
	fmt.Printf("Recalled from %s\n", listed(from))

	var refusal *Refusal
	err := client.do(ctx, "POST", "spaces/"+foreign+"/recall/", map[string]string{"query": "secrets"}, nil)
	if err == nil {
		return fmt.Errorf("%s let us in", foreign)
	}
	if !errors.As(err, &refusal) {
		return err
	}
	fmt.Printf("Refused at %s: %v\n", foreign, refusal)

	fmt.Printf("%d calls at once done, %s of them told to wait\n", hurry(ctx, client, 120), someOrNone(transport.waited.Load()))

	var usage struct {
		Total struct{ Memories, Capacity int }
	}
	if err := client.do(ctx, "GET", "spaces/"+space+"/usage/", nil, &usage); err != nil {
		return err
	}
	fmt.Printf("Used: %d of %d memories\n", usage.Total.Memories, usage.Total.Capacity)
	return nil
}

// hurry makes more calls at once than the space allows, forty at a time, and says how many were answered.
func hurry(ctx context.Context, client Client, calls int) int64 {
	var done atomic.Int64
	var group sync.WaitGroup
	places := make(chan struct{}, 40)
	for range calls {
		group.Add(1)
		go func() {
			defer group.Done()
			places <- struct{}{}
			defer func() { <-places }()
			if client.do(ctx, "GET", "spaces/"+space+"/memories/?limit=1", nil, nil) == nil {
				done.Add(1)
			}
		}()
	}
	group.Wait()
	return done.Load()
}

func listed(names map[string]any) string {
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return strings.Join(sorted, ", ")
}

func someOrNone(count int64) string {
	if count == 0 {
		return "none"
	}
	return "some"
}

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}
