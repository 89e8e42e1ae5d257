/**
 * Models in this process for Spring AI: {@link io.adapt4j.spring.ai.Adapt4jChatModel} and {@link
 * io.adapt4j.spring.ai.Adapt4jEmbeddingModel}.
 */
@NullMarked
package io.adapt4j.spring.ai;

import org.jspecify.annotations.NullMarked;
