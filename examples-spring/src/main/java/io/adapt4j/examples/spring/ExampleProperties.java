package io.adapt4j.examples.spring;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What this application reads and writes.
 *
 * @param documents the folder of the documents to answer from
 * @param passages the rows to train on
 * @param output where runs and the index are written
 * @param steps how many steps a run has
 */
@ConfigurationProperties("example")
public record ExampleProperties(String documents, String passages, String output, int steps) {}
