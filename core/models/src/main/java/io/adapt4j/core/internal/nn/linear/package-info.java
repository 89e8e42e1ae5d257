/** Linear layers: dense, quantized and stacked ones, and slots that adapters attach to. */
package io.adapt4j.core.internal.nn.linear;
