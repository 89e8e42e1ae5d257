/**
 * All benchmarks as one run: found, measured one after another, and shown as one table. Programs
 * depend on this package, and it on none of them.
 */
package io.adapt4j.benchmarks.suite;
