/** Loading of models together with tokenizers and adapters. */
package io.adapt4j.core.internal.load;
