/** Cost of evaluations and their statistics. */
package io.adapt4j.benchmarks.evaluation;
