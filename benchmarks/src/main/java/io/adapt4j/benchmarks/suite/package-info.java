/**
 * All benchmarks as one run: found, measured one after another, stored, compared with earlier runs,
 * and shown. Programs depend on this package, and it on none of them.
 */
package io.adapt4j.benchmarks.suite;
