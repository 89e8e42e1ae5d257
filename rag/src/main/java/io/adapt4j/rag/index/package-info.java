/** Where chunks, their vectors and their metadata are kept and searched. */
package io.adapt4j.rag.index;
