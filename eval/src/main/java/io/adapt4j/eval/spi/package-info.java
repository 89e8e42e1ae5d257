/** What an application may implement, and the types that it then meets. */
package io.adapt4j.eval.spi;
