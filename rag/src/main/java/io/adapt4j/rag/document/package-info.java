/** Documents and the pieces they are searched by. */
package io.adapt4j.rag.document;
