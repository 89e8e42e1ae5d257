/** Training of rerankers: language models that answer yes or no to a document for a query. */
package io.adapt4j.core.internal.task.reranking;
