/** Names and stacked tensors in the files of PEFT, whatever the configuration. */
@NullMarked
package io.adapt4j.lora.internal.peft;

import org.jspecify.annotations.NullMarked;
