/** Models, tokenizers and adapters loaded together. */
package io.adapt4j.core.internal.load;
