/**
 * Parts shared by the programs: options, processes, turns, timing, reports, and the machine's
 * limits.
 */
package io.adapt4j.benchmarks.harness;
