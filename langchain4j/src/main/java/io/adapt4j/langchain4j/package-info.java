/**
 * Models and retrievers of Adapt4J as LangChain4j takes them, and the other way round.
 *
 * <p>Begin with {@link io.adapt4j.langchain4j.LangChain4j} for models, {@link
 * io.adapt4j.langchain4j.Adapt4jChatModel} where a chat model needs more than a model and options,
 * and {@link io.adapt4j.langchain4j.LangChain4jRetrieval} for documents, which needs {@code
 * adapt4j-rag}.
 */
@NullMarked
package io.adapt4j.langchain4j;

import org.jspecify.annotations.NullMarked;
