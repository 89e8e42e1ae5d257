/** Interfaces of adapters: attaching to a network, saving, and merging. */
package io.adapt4j.core.internal.nn.adapter;
