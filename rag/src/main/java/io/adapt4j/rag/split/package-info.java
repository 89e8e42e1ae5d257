/** Cuts documents into the pieces by which they are searched and read. */
package io.adapt4j.rag.split;
