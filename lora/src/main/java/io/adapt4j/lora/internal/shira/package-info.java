/** SHiRA: sparse updates of weights. */
@NullMarked
package io.adapt4j.lora.internal.shira;

import org.jspecify.annotations.NullMarked;
