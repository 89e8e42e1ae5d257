/**
 * Adapters of Adapt4J's models and retrievers to LangChain4j and vice versa.
 *
 * <p>Start with {@link io.adapt4j.langchain4j.LangChain4j} for models, {@link
 * io.adapt4j.langchain4j.Adapt4jChatModel} if a chat model needs more than a model and options, and
 * {@link io.adapt4j.langchain4j.LangChain4jRetrieval} for documents, which needs {@code
 * adapt4j-rag}.
 */
@NullMarked
package io.adapt4j.langchain4j;

import org.jspecify.annotations.NullMarked;
