// Package image builds the images of infra/Dockerfile and looks into them: how large they are, what is in them, for whom they
// run, whether the same sources make the same image, and whether the program in them starts. It needs a container engine,
// so its tests have the build tag image: infra/test-images.sh runs them where there is one.
package image
