/** Memory of training: growth over a long run, and predicted against measured peaks. */
package io.adapt4j.benchmarks.memory;
