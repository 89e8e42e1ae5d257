/** Benchmarks: whole programs that report ratios to the machine's own limits, and JMH classes. */
package io.adapt4j.benchmarks;
