/**
 * Models over HTTP, for clients of OpenAI's API. Start at {@link io.adapt4j.serve.ModelServer};
 * {@link io.adapt4j.serve.ServerLimits} limits requests. {@link io.adapt4j.serve.RelevanceScorer}
 * and {@link io.adapt4j.serve.QuestionAnswering} connect other ways to answer.
 */
@NullMarked
package io.adapt4j.serve;

import org.jspecify.annotations.NullMarked;
