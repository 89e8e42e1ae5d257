/** Text generation: choosing the next token, knowing when to stop, and what comes back. */
package io.adapt4j.core.generate;
