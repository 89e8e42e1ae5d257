/**
 * Models over HTTP, for clients of OpenAI's API. Start at {@link io.adapt4j.serve.ModelServer};
 * {@link io.adapt4j.serve.ServerLimits} says what a request may take. {@link
 * io.adapt4j.serve.RelevanceScorer} and {@link io.adapt4j.serve.QuestionAnswering} are what a
 * server can answer with beside models.
 */
@NullMarked
package io.adapt4j.serve;

import org.jspecify.annotations.NullMarked;
