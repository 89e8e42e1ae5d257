/** What adapters compute: the operators of this module, their derivatives and their scripts. */
package io.adapt4j.lora.internal;
