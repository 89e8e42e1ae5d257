/** Low-rank adapters (LoRA) in the PEFT format: training, files, merging. */
package io.adapt4j.lora;
