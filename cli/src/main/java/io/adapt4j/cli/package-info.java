/** The command line. Each command is a thin layer over the library. */
package io.adapt4j.cli;
