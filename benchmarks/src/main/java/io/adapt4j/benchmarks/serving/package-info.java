/** Requests at the same time, and servers under well-behaved and hostile clients. */
package io.adapt4j.benchmarks.serving;
