/** Adapt4J benchmarks. */
package io.adapt4j.benchmarks;
