package host

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/tandem-switch/tandem/filebuffer/s3"
)

// FileFlags are the settings about files that both programs have.
type FileFlags struct {
	FilesURL     string `name:"files-url" placeholder:"URL" help:"Address under which clients reach files, where it is not the public one: a host of its own."`
	FileLimit    int64  `name:"limit-file" placeholder:"BYTES" help:"Size of one file (104857600; -1 is none)."`
	FileQuota    int64  `name:"limit-file-quota" placeholder:"BYTES" help:"What one person may have in files that no message has yet (524288000; -1 is none)."`
	FileBuffers  int    `name:"limit-file-buffers" placeholder:"N" help:"How many such files and open uploads one person may have (20; -1 is no limit)."`
	S3           string `name:"s3" placeholder:"URL" help:"Keep files in a bucket instead of the data directory: https://s3.example.com/bucket, or /bucket/prefix."`
	S3Region     string `name:"s3-region" placeholder:"NAME" help:"Region of the bucket; without it the server is asked."`
	S3AccessKey  string `name:"s3-access-key" placeholder:"ID" help:"Access key of the bucket."`
	S3SecretFile string `name:"s3-secret-file" placeholder:"FILE" help:"File with the secret that belongs to the access key; one line end is removed."`
}

// Check finds what cannot work, without asking anybody.
func (f *FileFlags) Check() error {
	if f.FilesURL != "" {
		u, err := url.Parse(f.FilesURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return fmt.Errorf("--files-url %s is not like https://files.example.com", f.FilesURL)
		}
	}
	if f.FileLimit < -1 || f.FileQuota < -1 || f.FileBuffers < -1 {
		return errors.New("--limit-file and --limit-file-quota are sizes in bytes, --limit-file-buffers is a number, or -1 for none")
	}
	if f.S3 == "" {
		if f.S3Region != "" || f.S3AccessKey != "" || f.S3SecretFile != "" {
			return errors.New("--s3-region, --s3-access-key and --s3-secret-file say how a bucket is used: name it with --s3 URL")
		}
		return nil
	}
	_, err := f.bucket()
	return err
}

// Apply puts the settings into the configuration. It reads the secret.
func (f *FileFlags) Apply(c *Config) error {
	if f.FilesURL != "" {
		c.FilesURL = f.FilesURL
	}
	c.FileLimit, c.FileQuota, c.FileBuffers = f.FileLimit, f.FileQuota, f.FileBuffers
	if f.S3 == "" {
		return nil
	}
	bucket, err := f.bucket()
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(f.S3SecretFile)
	if err != nil {
		return fmt.Errorf("the secret of the bucket: %w", err)
	}
	bucket.SecretKey = strings.TrimRight(string(secret), "\r\n")
	c.S3 = &bucket
	return nil
}

// bucket is what the URL says.
func (f *FileFlags) bucket() (s3.Config, error) {
	u, err := url.Parse(f.S3)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return s3.Config{}, fmt.Errorf("--s3 %s is not like https://s3.example.com/bucket", f.S3)
	}
	name, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	switch {
	case name == "":
		return s3.Config{}, fmt.Errorf("--s3 %s names no bucket: write https://%s/bucket", f.S3, u.Host)
	case f.S3AccessKey == "" || f.S3SecretFile == "":
		return s3.Config{}, errors.New("--s3 needs --s3-access-key ID and --s3-secret-file FILE")
	}
	if prefix != "" {
		prefix += "/"
	}
	return s3.Config{
		Endpoint: u.Host, Plain: u.Scheme == "http", Region: f.S3Region, Bucket: name, Prefix: prefix, AccessKey: f.S3AccessKey,
	}, nil
}
