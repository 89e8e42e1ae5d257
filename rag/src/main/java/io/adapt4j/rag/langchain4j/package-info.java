/** Adapters between Adapt4J and LangChain4j, an optional dependency. */
@NullMarked
package io.adapt4j.rag.langchain4j;

import org.jspecify.annotations.NullMarked;
