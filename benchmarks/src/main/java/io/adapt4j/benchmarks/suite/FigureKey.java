package io.adapt4j.benchmarks.suite;

/**
 * What a figure is of.
 *
 * @param benchmark the benchmark
 * @param setting its setting
 * @param name the figure's name
 */
record FigureKey(String benchmark, String setting, String name) {}
