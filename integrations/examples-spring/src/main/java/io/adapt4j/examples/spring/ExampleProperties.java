package io.adapt4j.examples.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Configuration properties of this application.
 *
 * @param documents folder of the documents to answer from
 * @param passages the training rows
 * @param output folder for runs and the index
 * @param steps number of steps of a run
 * @param studioToken token that opens the studio; none leaves the studio out
 */
@ConfigurationProperties("example")
public record ExampleProperties(
    String documents, String passages, String output, int steps, @Nullable String studioToken) {}
