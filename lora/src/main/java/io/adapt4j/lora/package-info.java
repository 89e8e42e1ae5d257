/** Low-rank adapters (LoRA) in the PEFT format: training, files, merging. */
@NullMarked
package io.adapt4j.lora;

import org.jspecify.annotations.NullMarked;
