/**
 * Models over HTTP, for clients of OpenAI's API. Start at {@link io.adapt4j.serve.ModelServer};
 * {@link io.adapt4j.serve.ServerLimits} says what a request may take.
 */
@NullMarked
package io.adapt4j.serve;

import org.jspecify.annotations.NullMarked;
