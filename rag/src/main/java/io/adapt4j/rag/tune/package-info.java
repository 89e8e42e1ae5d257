/** Data to tune retrieval with. */
package io.adapt4j.rag.tune;
