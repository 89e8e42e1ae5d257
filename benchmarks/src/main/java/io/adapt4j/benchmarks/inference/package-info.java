/** Loading, forward passes and decoding of one model in this process. */
package io.adapt4j.benchmarks.inference;
