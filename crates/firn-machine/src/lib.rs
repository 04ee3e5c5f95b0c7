//! Virtual machines and containers behind one trait: console, guest shell, network switch.
