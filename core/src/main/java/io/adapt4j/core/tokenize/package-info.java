/** Text to token ids and back, one text at a time or as a stream of tokens. */
package io.adapt4j.core.tokenize;
