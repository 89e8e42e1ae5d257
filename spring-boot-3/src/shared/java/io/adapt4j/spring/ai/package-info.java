/**
 * Models of this process as Spring AI takes them: {@link io.adapt4j.spring.ai.Adapt4jChatModel} and
 * {@link io.adapt4j.spring.ai.Adapt4jEmbeddingModel}.
 */
@NullMarked
package io.adapt4j.spring.ai;

import org.jspecify.annotations.NullMarked;
