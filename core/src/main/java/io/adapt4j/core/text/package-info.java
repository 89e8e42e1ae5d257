/**
 * Anything that answers a prompt or a conversation with a text: a model in this process, a server,
 * a function. Answers can be kept on disk, so that none is made or paid twice.
 */
@NullMarked
package io.adapt4j.core.text;

import org.jspecify.annotations.NullMarked;
