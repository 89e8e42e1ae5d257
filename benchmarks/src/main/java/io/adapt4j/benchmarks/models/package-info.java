/** Models with random weights and known shapes, and llama.cpp, which runs the same ones. */
package io.adapt4j.benchmarks.models;
