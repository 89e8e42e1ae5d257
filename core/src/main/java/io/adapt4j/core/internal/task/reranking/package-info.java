/** Language models that say yes or no to a document for a query. */
package io.adapt4j.core.internal.task.reranking;
