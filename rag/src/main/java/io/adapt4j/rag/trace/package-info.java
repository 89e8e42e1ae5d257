/** What was done for an answer, how long it took, and meters of it. */
package io.adapt4j.rag.trace;
