/** Adapters between Adapt4J and LangChain4j, an optional dependency. */
package io.adapt4j.rag.langchain4j;
