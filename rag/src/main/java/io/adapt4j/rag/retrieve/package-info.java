/** From a question to the passages that may answer it. */
package io.adapt4j.rag.retrieve;
